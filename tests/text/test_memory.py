from smsbot.text.memory import CACHE_LIMIT, Memory


def test_a_word_is_worked_out_once():
    asked = []
    memory = Memory(lambda word: asked.append(word) or len(word))
    assert [memory["stop"], memory["stop"], memory["no"]] == [4, 4, 2]
    assert asked == ["stop", "no"]


def test_what_is_kept_has_an_end_and_starts_anew():
    memory = Memory(str.upper)
    for number in range(CACHE_LIMIT):
        assert memory[f"w{number}"] == f"W{number}"
    assert len(memory) == CACHE_LIMIT
    assert memory["one more"] == "ONE MORE"
    assert list(memory) == ["one more"]

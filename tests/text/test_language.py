import pytest

from smsbot.text.language import guess


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("გამარჯობა", "ka"),
        ("ᲒᲐᲛᲐᲠᲯᲝᲑᲐ", "ka"),
        ("SMS აღარ მინდა", "ka"),
        ("здравствуйте", "ru"),
        ("բարև", "hy"),
        ("salam, necəsiniz", "az"),
        ("Əhməd", "az"),
        ("hello", None),
        ("gamarjoba", None),
        ("Müller", None),
        ("", None),
        ("123 😀", None),
        ("\ud800", None),
    ],
)
def test_letters_tell_the_language(text, language):
    assert guess(text) == language


def test_the_default_stands_in_where_letters_tell_nothing():
    assert guess("hello", "ka") == "ka"
    assert guess("привет", "ka") == "ru"

"""How a channel is, from what its gateway answers."""

from smsbot.outbound.watch import BEING_MADE, ChannelState, Watch


def test_five_failures_at_once_are_down() -> None:
    watch = Watch()
    for _ in range(4):
        watch.failed("no answer", 1_000)
    assert watch.state is ChannelState.DEGRADED
    watch.failed("no answer", 1_000)
    assert watch.state is ChannelState.DOWN


def test_a_lone_message_that_fails_again_after_seconds_is_enough() -> None:
    watch = Watch()
    watch.failed("no answer", 1_000)
    assert (watch.state, watch.reason) == (ChannelState.DEGRADED, "no answer")
    watch.failed("no answer", 6_000)
    assert watch.state is ChannelState.DOWN


def test_a_success_between_two_failures_keeps_the_channel_from_being_down() -> None:
    watch = Watch()
    watch.failed("no answer", 1_000)
    watch.success(2_000)
    watch.failed("no answer", 6_000)
    assert watch.state is ChannelState.DEGRADED


def test_the_first_success_after_being_down_is_up() -> None:
    watch = Watch()
    for _ in range(5):
        watch.failed("no answer", 1_000)
    watch.success(9_000)
    assert (watch.state, watch.reason, watch.closed_until_ms) == (ChannelState.UP, "", 0)


def test_a_degraded_channel_that_worked_again_is_up_after_a_while_even_if_nobody_writes() -> None:
    watch = Watch()
    watch.failed("no answer", 1_000)
    watch.success(6_000)
    watch.rest(30_999)
    assert (watch.state, watch.reason) == (ChannelState.DEGRADED, "no answer")
    watch.rest(31_000)
    assert (watch.state, watch.reason, watch.error) == (ChannelState.UP, "", "no answer")


def test_a_channel_whose_last_word_was_trouble_stays_as_it_is_however_long_it_rests() -> None:
    watch = Watch()
    watch.success(500)
    watch.failed("no answer", 1_000)
    watch.rest(3_600_000)
    assert watch.state is ChannelState.DEGRADED
    watch.failed("no answer", 3_600_000)
    watch.rest(7_200_000)
    assert watch.state is ChannelState.DOWN


def test_what_messages_tell_does_not_count_while_the_connection_does_not_stand() -> None:
    watch = Watch()
    watch.parted("The connection was lost.", 1_000)
    watch.success(2_000)  # an answer that was on its way
    for _ in range(9):
        watch.failed("no answer", 3_000)
    watch.misconfigured("wrong sender", 4_000)
    assert (watch.state, watch.reason, watch.probing) == (ChannelState.DOWN, "The connection was lost.", True)
    watch.joined()
    assert (watch.state, watch.reason, watch.closed_until_ms) == (ChannelState.UP, "", 0)
    watch.failed("no answer", 5_000)
    assert watch.state is ChannelState.DEGRADED


def test_a_new_reason_why_there_is_no_connection_is_told_at_once() -> None:
    watch = Watch()
    watch.parted("The connection is being made.", 1_000)
    watch.told = watch.news()
    assert not watch.changed
    watch.parted("The password is wrong.", 2_000, misconfigured=True)
    assert watch.changed
    watch.told = watch.news()
    watch.parted("The account is closed.", 3_000, misconfigured=True)
    assert watch.changed
    assert watch.state is ChannelState.MISCONFIGURED


def test_a_connection_that_does_not_stand_is_a_trouble_until_it_does() -> None:
    watch = Watch()
    watch.parted(BEING_MADE, 1_000)
    assert (watch.troubled_since_ms, watch.error) == (1_000, "")
    watch.parted("The operator refuses the connection.", 9_000)
    assert (watch.troubled_since_ms, watch.error, watch.error_ms) == (
        1_000,
        "The operator refuses the connection.",
        9_000,
    )
    watch.joined()
    assert (watch.troubled_since_ms, watch.state) == (None, "up")

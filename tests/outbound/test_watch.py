"""How a channel is, from what its gateway answers."""

from smsbot.outbound.watch import ChannelState, Watch


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

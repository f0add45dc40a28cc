from assistant.events import PartFound, PartLost, Ready
from assistant.faults import Fault, Faults


def test_what_is_lost_is_kept_with_its_time_until_it_is_found() -> None:
    faults = Faults()
    faults.note(PartLost("microphone", "unplugged", "I am deaf."), 10.0)
    faults.note(PartLost("speaker", "busy", ""), 11.0)
    faults.note(Ready(), 12.0)
    assert faults.now == (Fault("microphone", "unplugged", 10.0), Fault("speaker", "busy", 11.0))
    faults.note(PartFound("microphone"), 13.0)
    assert [fault.part for fault in faults.now] == ["speaker"]


def test_a_part_that_is_lost_again_has_the_new_reason_and_the_old_time() -> None:
    faults = Faults()
    faults.note(PartLost("microphone", "unplugged", ""), 10.0)
    faults.note(PartLost("microphone", "still gone", ""), 20.0)
    assert faults.now == (Fault("microphone", "still gone", 10.0),)


def test_what_was_never_lost_may_be_found() -> None:
    faults = Faults()
    faults.note(PartFound("microphone"), 1.0)
    assert faults.now == ()

import pytest

from lesionlens_training.show.card import CARD, TRAINING, filled, tables


def test_every_table_of_the_card_is_the_one_that_the_committed_results_give() -> None:
    card = CARD.read_text()
    assert filled(card, tables(TRAINING / "results")) == card


def test_a_table_goes_between_its_marks_and_an_unknown_one_is_an_error() -> None:
    card = "a\n<!-- table: x -->\nold\n<!-- end -->\nb\n"
    assert filled(card, {"x": "new"}) == "a\n<!-- table: x -->\nnew\n<!-- end -->\nb\n"
    with pytest.raises(ValueError, match="places"):
        filled(card, {"y": "new"})

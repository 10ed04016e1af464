"""Two versions of a policy: the known edits are found, and nothing else."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from compare_edits import FICTIONAL, Editor, assembled, clause, clauses_of, found_in
from hypothesis import given, settings
from hypothesis import strategies as st

from clausemark import Classifier
from clausemark._align import in_order
from clausemark._outline import split_heads
from clausemark.compare import Change, Comparison, align, compare_documents
from clausemark.document import find_documents

PAIRS = sorted((Path(__file__).parent / "fixtures" / "compare").iterdir())
POLICIES = find_documents([FICTIONAL])


def versions(folder: Path) -> tuple[Path, Path]:
    """The two files of a pair."""
    (old,), (new,) = folder.glob("old.*"), folder.glob("new.*")
    return old, new


def compared(folder: Path, *, backwards: bool = False) -> list[Change]:
    """What changed in a pair, unchanged clauses left out."""
    old, new = map(clauses_of, versions(folder))
    changes = align(new, old) if backwards else align(old, new)
    return [change for change in changes if change.kind != "unchanged"]


def differing(change: Change, op: str) -> list[str]:
    """The words that went or came, without the punctuation around them."""
    return [text.strip(" ,.") for one, text in change.words() if one == op]


def fits(change: Change, edit: dict[str, Any]) -> bool:
    """Tell whether a change is the edit that the pair's list names."""
    if change.kind != edit["kind"] or change.moved != edit.get("moved", edit["kind"] == "moved"):
        return False
    if change.part != edit.get("part", ""):
        return False
    if list(change.renamed or []) != edit.get("renamed", []):
        return False
    if change.kind == "reworded":
        for op in ("added", "removed"):
            if differing(change, op) != [text.strip(" ,.") for text in edit.get(op, [])]:
                return False
    sides = [(change.old, change.old_body, edit.get("old")),
             (change.new, change.new_body, edit.get("new"))]  # fmt: skip
    return all(
        (side is None) == (opening is None) and body.startswith(opening or "")
        for side, body, opening in sides
    )


@pytest.mark.parametrize("folder", PAIRS, ids=lambda folder: folder.name)
def test_the_known_edits_of_a_pair_are_found_and_nothing_else(folder: Path) -> None:
    edits = json.loads((folder / "edits.json").read_text())["edits"]
    changes = compared(folder)
    assert len(changes) == len(edits), [(c.kind, c.old_body, c.new_body) for c in changes]
    for edit in edits:
        assert sum(fits(change, edit) for change in changes) == 1, edit


@pytest.mark.parametrize("folder", PAIRS, ids=lambda folder: folder.name)
def test_a_pair_read_backwards_has_the_same_edits_backwards(folder: Path) -> None:
    back = {"added": "removed", "removed": "added"}
    there = Counter((c.kind, c.moved, c.old_body, c.new_body) for c in compared(folder))
    again = compared(folder, backwards=True)
    assert there == Counter((back.get(c.kind, c.kind), c.moved, c.new_body, c.old_body)
                            for c in again)  # fmt: skip


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_random_edits_of_a_policy_are_found_and_nothing_else(path: Path) -> None:
    right = wrong = missed = 0
    for seed in range(3):
        editor = Editor(path, seed)
        editor.swap()
        editor.edit(12, strength=0.2)
        new = assembled(editor.sections)
        truth, found = editor.truth(), found_in(align(editor.old, new), editor.old, new)
        right += (truth & found).total()
        wrong += (found - truth).total()
        missed += (truth - found).total()
    assert right / (right + wrong) > 0.97
    assert right / (right + missed) > 0.97


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("We  keep\nit.", "We keep it."),
        ("the “service” – ours’", 'the "service" — ours\''),
        ("* a name;", "- a name, "),
        ("(a) your name", "2.1 your name."),
        ("**We** share `it`", "We share it"),
        ("infor\u00admation\u200b", "information"),
        ("cafe\u0301", "café"),
    ],
)
def test_typography_is_no_change(old: str, new: str) -> None:
    assert [change.kind for change in align([clause(old)], [clause(new)])] == ["unchanged"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("We keep it for 30 days after", "We keep it for 60 days after"),
        ("We do share your data", "We do not share your data"),
        ("we keep your well", "we keep your we'll"),
        ("the Service we offer", "the service we offer"),
        ("pay $5, or more", "pay $5 or more"),
    ],
)
def test_a_word_or_a_comma_is_a_change(old: str, new: str) -> None:
    assert [change.kind for change in align([clause(old)], [clause(new)])] == ["reworded"]


def test_a_swap_counts_the_fewest_clauses_as_moved_and_then_the_fewest_words() -> None:
    assert in_order({0: 1, 1: 2, 2: 0}, [9, 9, 99]) == {0, 1}
    assert in_order({0: 1, 1: 0}, [3, 9]) == {1}
    assert in_order({}, []) == set()


def test_equal_sentences_go_with_their_neighbours() -> None:
    old = [clause(text) for text in ("ask us", "one thing", "ask us", "another matter", "ask us")]
    changes = align(old, [old[1], old[2], old[3], old[4]])
    assert [change.kind for change in changes] == ["removed", *["unchanged"] * 4]
    assert changes[0].old is old[0]


def test_a_clause_that_takes_up_a_heading_is_unchanged() -> None:
    first = clause("## Sharing\n\nWe sell nothing.", "Sharing")
    second, heir = (
        clause("Banks see it.", "Sharing"),
        clause("## Sharing\n\nBanks see it.", "Sharing"),
    )
    assert [c.kind for c in align([first, second], [heir])] == ["removed", "unchanged"]
    assert [c.kind for c in align([heir], [first, second])] == ["added", "unchanged"]


def test_a_dropped_heading_is_told_of_the_clause_that_had_it() -> None:
    kept = clause("We collect names.", "A")
    (_, change) = align(
        [kept, clause("B\n\nBanks see it.", "B")], [kept, clause("Banks see it.", "A")]
    )
    assert (change.kind, change.renamed) == ("reworded", ("B", ""))


def test_a_clause_moves_to_another_heading_though_the_order_stays() -> None:
    old = [clause("A\n\nOne thing.", "A"), clause("Two more.", "A"), clause("B\n\nThird.", "B")]
    new = [clause("A\n\nOne thing.", "A"), clause("B\n\nTwo more.", "B"), clause("Third.", "B")]
    changes = align(old, new)
    assert [change.kind for change in changes] == ["unchanged", "moved", "unchanged"]
    assert (changes[1].old_heading, changes[1].new_heading) == ("A", "B")


def test_short_items_of_far_lists_are_not_taken_for_each_other() -> None:
    fixed = [clause(f"Paragraph {word} stays as it stands.") for word in ("one", "two", "six")]
    mail, post = clause("e-mail address"), clause("postal address")
    far = align([mail, *fixed], [*fixed, post])
    assert [change.kind for change in far] == ["removed", *["unchanged"] * 3, "added"]
    near = align([*fixed, mail], [*fixed, post])
    assert near[-1].kind == "reworded"


@pytest.mark.parametrize("count", [2, 3, 6])
def test_a_paragraph_split_or_merged_is_no_other_paragraph(count: int) -> None:
    parts = [clause(f"Sentence {k} says something of {'its own ' * k}here.") for k in range(count)]
    whole, fixed = clause(" ".join(part.text for part in parts)), clause("Another one.")
    changes = align([fixed, whole], [fixed, *parts])
    assert [change.kind for change in changes] == [
        "unchanged",
        *["added"] * (count - 1),
        "reworded",
    ]
    assert {change.part for change in changes[1:]} == {"split"}
    back = align([fixed, *parts], [fixed, whole])
    assert Counter(c.kind for c in back) == {"unchanged": 1, "reworded": 1, "removed": count - 1}
    assert {change.part for change in back if change.kind != "unchanged"} == {"merged"}


def test_parts_with_a_word_changed_are_no_split() -> None:
    whole = clause("We keep names for a year. We delete logs after a week.")
    parts = [clause("We keep names for a year."), clause("We delete logs after a month.")]
    assert {change.part for change in align([whole], parts)} == {""}


def test_a_clause_that_went_under_a_new_heading_moved_and_not_what_it_passed() -> None:
    tell, keep = "We tell you of every change in good time.", "We keep records for a year."
    old = [clause("A\n\nHello.", "A"), clause(tell, "A"), clause(f"B\n\n{keep}", "B")]
    new = [clause("A\n\nHello.", "A"), clause(f"B\n\n{keep}", "B"), clause(f"C\n\n{tell}", "C")]
    moved = [change for change in align(old, new) if change.kind != "unchanged"]
    assert [(one.kind, one.new_body, one.renamed) for one in moved] == [("moved", tell, ("", "C"))]


def test_equal_items_stay_in_their_lists() -> None:
    first, second = clause("A\n\nfirst words", "A"), clause("B\n\nsecond words", "B")
    mails, last = [clause("e-mail", "A"), clause("e-mail", "B")], clause("third words", "B")
    signs = [replace(one, text=one.text.replace("words", "signs")) for one in (first, second, last)]
    old = [first, mails[0], second, mails[1], last]
    new = [*signs[:2], clause("e-mail", "B"), signs[2]]
    changes = {id(change.old): change for change in align(old, new)}
    assert changes[id(mails[0])].kind == "removed"
    assert changes[id(mails[1])].kind == "unchanged"


def test_between_equals_a_clause_is_found_near_its_place() -> None:
    fixed = [clause(f"Paragraph {word} stays as it stands.") for word in ("one", "two", "six")]
    old = clause("Banks receive names, streets, towns, dates and sums.")
    near = clause("Banks receive names, streets, towns and signatures.")
    far = clause("Banks receive names, streets, towns, dates and phones.")
    changes = align([old, *fixed], [near, *fixed, far])
    assert [change.kind for change in changes] == ["reworded", *["unchanged"] * 3, "added"]


def test_a_heading_renamed_as_its_first_clause_went_or_came_is_told_of_the_next() -> None:
    first, second = "We sell nothing at all.", "Banks see every payment."
    (gone, heir) = align(
        [clause(f"Old name\n\n{first}", "Old name"), clause(second, "Old name")],
        [clause(f"New name\n\n{second}", "New name")],
    )
    assert (gone.kind, heir.kind, heir.renamed) == ("removed", "reworded", ("Old name", "New name"))
    (come, kept) = align(
        [clause(f"Old name\n\n{second}", "Old name")],
        [clause(f"New name\n\n{first}", "New name"), clause(second, "New name")],
    )
    assert (come.kind, kept.kind, kept.renamed) == ("added", "reworded", ("Old name", "New name"))


def test_headings_are_cut_off_by_whole_lines() -> None:
    one = clause("# All\n\nData\n----\n\nData we hold.", "Data")
    assert split_heads(one) == (["All", "Data"], "Data we hold.")
    assert split_heads(clause("Data we hold.", "Data")) == ([], "Data we hold.")
    assert split_heads(clause("## Data", "Data")) == ([], "## Data")


SENTENCES = st.sampled_from(
    ["We keep it.", "We keep it. Ask us.", "We share names with banks.", "Ask us.",
     "We share names with shops.", "Cookies remember your basket.", "a name", "an address"]
)  # fmt: skip
DOCUMENTS = st.lists(
    st.builds(
        lambda text, heading, glued: clause(f"{heading}\n\n{text}" if glued else text, heading),
        SENTENCES,
        st.sampled_from(["A", "B", "C"]),
        st.booleans(),
    ),
    max_size=9,
)


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS, DOCUMENTS)
def test_every_clause_stands_in_one_change_and_exchange_mirrors(old: list, new: list) -> None:
    changes = align(old, new)
    assert sorted(id(c.old) for c in changes if c.old) == sorted(map(id, old))
    assert [id(c.new) for c in changes if c.new] == [id(one) for one in new]
    there = {(id(c.old), id(c.new), c.moved) for c in changes if c.old and c.new}
    back = {(id(c.new), id(c.old), c.moved) for c in align(new, old) if c.old and c.new}
    assert there == back


@settings(max_examples=50, deadline=None)
@given(DOCUMENTS)
def test_a_policy_has_not_changed_against_itself(one: list) -> None:
    assert {change.kind for change in align(one, one)} <= {"unchanged"}


def test_one_clause_may_be_reworded_and_moved_and_relabelled() -> None:
    fixed = [clause(f"Sentence {word} of ours stays.", "A") for word in ("one", "two", "six")]
    old = clause("We keep call records for a year at most.", "A", ["Data Retention"])
    new = clause("We keep call records for a month at most.", "A", ["Data Security"])
    change = align([*fixed, old], [new, *fixed])[0]
    assert change.kinds == ("reworded", "moved", "relabelled")
    assert (change.gained, change.lost) == (("Data Security",), ("Data Retention",))
    assert change.categories == ("Data Security", "Data Retention")


def test_categories_come_in_the_scheme_s_order_and_the_unlabelled_last() -> None:
    one = [clause("a"), clause("b", labels=["Y"]), clause("c", labels=["X", "Y"])]
    comparison = Comparison("o", "n", ("X", "Y", "Z"), tuple(align(one, one)))
    found = comparison.by_category()
    assert {name: len(changes) for name, changes in found.items()} == {
        "X": 1, "Y": 2, "No category": 1,
    }  # fmt: skip
    assert list(found) == ["X", "Y", "No category"]


def test_documents_are_labelled_and_compared(tiny: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "old.txt", tmp_path / "new.txt"
    old.write_text("We collect names.\n\nWe share names with banks.\n")
    new.write_text("We collect names.\n\nWe share names with banks and contact them.\n")
    found = compare_documents(Classifier.load(tiny), old, new)
    assert (found.old, found.new) == (str(old), str(new))
    assert [change.kind for change in found.changes] == ["unchanged", "reworded"]
    assert found.changes[1].gained == ("Privacy contact information",)

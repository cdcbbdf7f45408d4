"""What a command line means on disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modelyard_client.failures import Misused
from modelyard_client.transfer import globs, local_files


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("a.txt", ".hidden", "sub/b.bin", "sub/deep/c.bin", ".git/config", "logs/x.log"):
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "tree"


def names(*paths: Path, exclude: tuple[str, ...] = (), folder: str = "") -> list[str]:
    return [file.name for file in local_files.collect(paths, exclude, folder)]


def test_a_folder_means_what_is_in_it_hidden_files_too(tree: Path):
    assert names(tree) == [".hidden", "a.txt", "logs/x.log", "sub/b.bin", "sub/deep/c.bin"]


def test_a_file_means_itself(tree: Path):
    assert names(tree / "sub" / "b.bin", tree / "logs", folder="/to/here/") == ["to/here/b.bin", "to/here/x.log"]


def test_excluded_files_are_left_out(tree: Path):
    assert names(tree, exclude=(".*", "logs", "sub/d*")) == ["a.txt", "sub/b.bin"]


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a/b/c.bin", "*.bin", True),
        ("a/b/c.bin", "b", True),
        ("a/b/c.bin", "a/b", True),
        ("a/b/c.bin", "a/*.bin", True),
        ("a/b/c.bin", "b/c.bin", False),
        ("a/b/c.bin", "*.BIN", False),
        ("a/b/c.bin", "a/b/", True),
        ("poids/mode\u0300le.bin", "modèle.*", True),
        ("poids/modèle.bin", "poids/mode\u0300le.bin", True),
        ("poids/modèle.bin", "modele.*", False),
    ],
)
def test_exclude_patterns(path: str, pattern: str, expected: bool):
    assert globs.matches(path, [pattern]) is expected


def test_links_within_the_folder_are_followed(tree: Path):
    (tree / "link.txt").symlink_to("a.txt")
    (tree / "linked").symlink_to("sub/deep")
    assert {"link.txt", "linked/c.bin"} <= set(names(tree))


def test_a_named_link_is_followed(tree: Path, tmp_path: Path):
    (tmp_path / "model").symlink_to(tree / "sub")
    assert names(tmp_path / "model") == ["b.bin", "deep/c.bin"]


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("../outside", "links to .*/outside, outside of the folder; leave it out with --exclude"),
        ("nowhere", "links to nowhere, which does not exist"),
        ("sub", "links to a folder that it is in itself"),
    ],
)
def test_links_that_lead_outside_are_refused(tree: Path, tmp_path: Path, target: str, reason: str):
    (tmp_path / "outside").write_text("secret")
    link = tree / "sub" / "link" if target == "sub" else tree / "link"
    link.symlink_to(tree / "sub" if target == "sub" else target)
    with pytest.raises(Misused, match=reason):
        names(tree)
    assert "a.txt" in names(tree, exclude=("link",))


def test_special_files_are_refused(tree: Path):
    os.mkfifo(tree / "pipe")
    with pytest.raises(Misused, match="pipe is neither a file nor a folder"):
        names(tree)


def test_two_files_of_one_name_are_refused(tree: Path):
    (tree / "logs" / "a.txt").write_text("other")
    with pytest.raises(Misused, match=r"would both become `a\.txt`"):
        names(tree / "a.txt", tree / "logs")


def test_names_are_composed_as_the_registry_does(tree: Path):
    (tree / "mode\u0300le").mkdir()
    (tree / "mode\u0300le" / "e\u0301te\u0301.bin").write_text("x")
    assert names(tree, exclude=("*.txt", ".*", "logs", "sub")) == ["modèle/été.bin"]
    assert names(tree, exclude=("modèle/été.bin",)) == names(tree, exclude=("mode\u0300le",))
    (tree / "mod\u00e8le").mkdir()
    (tree / "mod\u00e8le" / "\u00e9t\u00e9.bin").write_text("y")
    with pytest.raises(Misused, match=r"would both become `modèle/été\.bin`"):
        names(tree)


def test_an_empty_selection_is_refused(tree: Path, tmp_path: Path):
    with pytest.raises(Misused, match="There is no "):
        names(tmp_path / "nowhere")
    with pytest.raises(Misused, match="There are no files in"):
        names(tree, exclude=("*",))


def test_a_name_that_is_no_text_is_refused(tree: Path):
    (tree / os.fsdecode(b"\xff")).write_text("x")
    with pytest.raises(Misused, match="is not UTF-8"):
        names(tree)


def test_two_forms_of_one_name_are_refused(tree: Path):
    for name in ("\u00e9.bin", "e\u0301.bin"):
        (tree / name).write_text(name)
    with pytest.raises(Misused, match="would both become"):
        local_files.collect([tree], [])


def test_a_file_with_the_name_of_a_folder_is_refused(tree: Path, tmp_path: Path):
    (tree / "model").mkdir()
    (tree / "model" / "x").write_text("below")
    (tmp_path / "model").write_text("a file")
    with pytest.raises(Misused, match=r"would become the file `model`, and .* would be `model/x` below it"):
        local_files.collect([tree, tmp_path / "model"], [])


def test_patterns_mean_both_forms_of_a_name():
    assert globs.matches("u\u0308/x.bin", ["\u00fc"])
    assert globs.matches("\u00fc/x.bin", ["u\u0308/*.bin"])

"""The sequences of calls that are compared with moto (and with MiniStack, by the benchmark)."""

from benchmarks.aws_sequences import moto, ours, play_all, unexplained


def test_we_answer_every_sequence_as_its_file_says() -> None:
    with ours() as url:
        answers = play_all(url)

    assert unexplained("ours", answers) == []


def test_every_difference_to_moto_is_explained_by_a_line_of_the_reference() -> None:
    with moto() as url:
        answers = play_all(url)

    assert unexplained("moto", answers) == []

"""Wrong decoding is undone, other languages are told apart."""

from __future__ import annotations

import pytest

from data.english import is_english
from data.repair import repair


@pytest.mark.parametrize("text", ["you’re “here” – 5 €", "Café ñandú", "maps • hills"])
@pytest.mark.parametrize("codec", ["latin-1", "cp1252"])
def test_utf8_read_as_another_encoding_is_decoded_again(text: str, codec: str) -> None:
    read = "".join(
        bytes([byte]).decode(codec, "ignore") or chr(byte) for byte in text.encode("utf-8")
    )
    assert read != text
    assert repair(read) == text


@pytest.mark.parametrize("text", ["you’re “here” – 5 €", "Café à la carte", "âge", "Â is a letter"])
def test_what_was_decoded_right_stays(text: str) -> None:
    assert repair(text) == text


def test_white_space_collapses_and_the_invisible_goes() -> None:
    assert repair(" We\u00a0 sell\u200b\nma\u00adps.\ufffd ") == "We sell maps."


def test_a_closing_quote_that_lost_its_last_byte_is_closed() -> None:
    assert repair("the â\u0080\u009cMaps\u00e2\u0080?) here") == "the “Maps”) here"


@pytest.mark.parametrize(
    "text",
    [
        "We sell maps to walkers and to nobody else.",
        "Name, postcode, IP address",
        "Mr. de la Cruz sells maps in our shop on the hill.",
        "17.",
    ],
)
def test_english_and_mere_names_are_kept(text: str) -> None:
    assert is_english(text)


@pytest.mark.parametrize(
    "text",
    [
        "Wir verkaufen Karten und sonst nichts.",
        "Nous vendons des cartes pour les promeneurs.",
        "Vendemos mapas para los caminantes.",
        "Мы продаём карты.",
        "우리는 지도를 판다. Maps",
    ],
)
def test_other_languages_are_not(text: str) -> None:
    assert not is_english(text)

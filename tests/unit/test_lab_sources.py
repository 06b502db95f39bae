"""All sources of the Lab's half: words go through the translator, colours are the theme's."""

from __future__ import annotations

import re
from pathlib import Path

LAB = Path(__file__).parents[2] / "labextension"
#: Errors that nobody reads who has no console: they say that the code is wrong.
OF_THE_CODE = {"A screen is drawn without its surroundings."}
#: The paper under pictures.
PAPER = {("runs.css", "background: white")}
COLOUR = re.compile(
    r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl)a?\(|\b(?:white|black|red|green|blue|gr[ae]y|orange)\b"
)


def test_what_an_error_says_to_people_is_translated():
    said = {
        text
        for path in (LAB / "src").rglob("*.ts*")
        for text in re.findall(r"new Error\(\s*['\"`]([^'\"`]+)", path.read_text(encoding="utf-8"))
    }
    assert said <= OF_THE_CODE


def test_every_colour_of_a_style_sheet_is_one_of_the_theme():
    own = set()
    for path in (LAB / "style").glob("*.css"):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
        for name, value in re.findall(r"([\w-]+):\s*([^;{}]+);", text):
            # A variable of the theme may have a colour to fall back to.
            bare = re.sub(r"var\(--jp-[^()]*\)", "", value)
            if not name.startswith("white-space") and COLOUR.search(bare):
                own.add((path.name, f"{name}: {value.strip()}"))
    assert own == PAPER

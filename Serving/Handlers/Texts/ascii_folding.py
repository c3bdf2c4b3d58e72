#!/usr/bin/env python3
"""Writes AsciiFoldingTable.cs: what Python's unicodedata.normalize("NFKD", c).encode("ascii", "ignore") leaves of each character.

The service runs without ICU, where .NET normalises nothing. Run with any Python 3.9 or newer; Unicode never changes a decomposition.
"""
import pathlib
import unicodedata

pairs = []
for code in range(128, 0x110000):
    if not 0xD800 <= code < 0xE000:
        text = unicodedata.normalize("NFKD", chr(code)).encode("ascii", "ignore").decode()
        if text:
            pairs.append(f"{code:x} {text}")

rows, row = [], ""
for pair in pairs:
    escaped = pair.replace("\\", "\\\\").replace('"', '\\"') + "\\n"
    if len(row) + len(escaped) > 130:
        rows.append(row)
        row = ""
    row += escaped
rows.append(row)

lines = "\n        + ".join(f'"{row}"' for row in rows)
pathlib.Path(__file__).with_name("AsciiFoldingTable.cs").write_text(f"""namespace Granary.Serving.Handlers.Texts;

/// <summary>Written by ascii_folding.py: a code point in hexadecimal and what is left of it on each line.</summary>
internal static class AsciiFoldingTable
{{
    public const string Text =
        {lines};
}}
""")

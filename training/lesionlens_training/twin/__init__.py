"""The program's stages again, held to it bit for bit: input, heads, FROC."""

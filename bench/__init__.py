"""How fast the engine is, beside what one would write first and what the machine can do at all."""

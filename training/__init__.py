"""The school: how the models of `bot/matching` are trained, measured and exported. Never imported by the office."""

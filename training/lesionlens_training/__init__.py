"""Training of the Lesionlens detector: data, synthesis, net, quantization, export, evaluation.

Each module is one stage; `training/README.md` gives the commands.
"""

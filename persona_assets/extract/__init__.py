"""Responses in, sparse pooled SAE activations and evidence out. Importing this package loads no torch.

`extractor.Extractor` is the way in; `stage` lands what it gives in the lake. On a CPU shared with other work,
`OMP_WAIT_POLICY=PASSIVE` in the environment keeps torch's waiting threads from spinning.
"""

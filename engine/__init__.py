"""The work: photos, edits, masks, plans, export. Imports neither ComfyUI nor the launcher.

Conventions, stated once:

- An image is float32, (H, W, 3), scene-linear Rec.2020, D65, white = 1.0, values above 1 kept,
  unless the name or the type says otherwise.
- A mask is float32, (H, W), in [0, 1]; 1 = affected.
- A box is (left, top, right, bottom) in pixels, half-open.
- A function whose name ends in `_` writes into its first argument.
"""

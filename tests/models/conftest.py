"""Small models of real architectures that more than one file of this folder uses."""

import pytest


@pytest.fixture(scope="session")
def segformer(tmp_path_factory):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(2)
    names = {0: "ground", 1: "sky"}
    config = transformers.SegformerConfig(
        hidden_sizes=[8, 16, 24, 32], num_attention_heads=[1, 2, 2, 4], depths=[1, 1, 1, 1], decoder_hidden_size=32,
        id2label=names, label2id={name: number for number, name in names.items()},
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("segformer") / "tiny"
    transformers.SegformerForSemanticSegmentation(config).save_pretrained(folder)
    return folder

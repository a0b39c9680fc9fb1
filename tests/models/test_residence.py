"""Where a model works outside ComfyUI."""

import pytest
from stillbytes.engine.models.residence import Local

torch = pytest.importorskip("torch")


def test_a_local_model_is_on_the_device_that_it_is_told_and_needs_no_gradients():
    net = torch.nn.Linear(3, 2)
    with Local(net).at_work(1 << 20) as device:
        assert net.weight.device.type == device.type
        assert torch.is_inference_mode_enabled()
        assert not net(torch.ones(1, 3, device=device)).requires_grad
    assert not torch.is_inference_mode_enabled()


def test_without_a_card_the_work_is_done_on_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with Local(torch.nn.Linear(3, 2)).at_work() as device:
        assert device == torch.device("cpu")


def test_an_error_inside_ends_the_context():
    residence = Local(torch.nn.Linear(3, 2))
    with pytest.raises(RuntimeError, match="inside"), residence.at_work():
        raise RuntimeError("inside")
    with residence.at_work() as device:
        assert device.type in ("cpu", "cuda")

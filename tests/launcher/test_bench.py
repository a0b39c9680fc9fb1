import argparse

import pytest
from stillbytes.engine.errors import InstallError
from stillbytes.launcher import bench


@pytest.fixture
def one_benchmark(tmp_path, monkeypatch):
    folder = tmp_path / "checkout" / "benchmarks"
    folder.mkdir(parents=True)
    lines = [
        "import os, sys",
        'if __name__ == "__main__":',
        '    open(sys.argv[1], "w").write(os.getcwd())',
        "    sys.exit(3)",
    ]
    (folder / "where.py").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setattr(bench, "ROOT", tmp_path / "checkout")
    return tmp_path


def test_a_benchmark_runs_where_its_user_is_and_gives_its_status_back(one_benchmark, monkeypatch):
    monkeypatch.chdir(one_benchmark)
    assert bench.run(argparse.Namespace(name="where", passed=["relative.txt"])) == 3
    assert (one_benchmark / "relative.txt").read_text(encoding="utf-8") == str(one_benchmark.resolve())


def test_an_unknown_benchmark_is_refused_with_those_that_there_are(one_benchmark):
    with pytest.raises(InstallError, match="no benchmark speed") as error:
        bench.run(argparse.Namespace(name="speed", passed=[]))
    assert "where" in error.value.hint

.PHONY: check test format

check:
	python3 launcher test

test:
	python3 launcher test --no-checks

format:
	ruff format .
	ruff check --fix .

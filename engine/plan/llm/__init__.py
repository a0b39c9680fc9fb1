"""Words to a plan by a language model: a child process or a server answers, what it says is checked like any plan."""

"""The built-in parser: from an English sentence to wishes, and from wishes to the steps of a plan."""

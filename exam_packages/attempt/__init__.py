"""An attempt as a list of events, and the pure rules that read it. No I/O."""

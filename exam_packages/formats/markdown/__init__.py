"""Our own form for authors without a system: Markdown, specified in docs/authoring.md."""

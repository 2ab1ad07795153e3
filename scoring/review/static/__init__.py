"""What the pages of the review show beside their words: style and script."""

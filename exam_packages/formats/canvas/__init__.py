"""Canvas quizzes and Common Cartridge: IMS QTI 1.2, as those two write it."""

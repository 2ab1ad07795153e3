"""The agent: owns attempt, journal, keys and deadline; serves one screen. No screen code here."""

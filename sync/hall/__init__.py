"""The centre's server: lets in, holds, commands, releases, relays."""

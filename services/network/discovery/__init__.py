"""Discovery: who answers in a network, what they are, and what lies behind what. Nothing is added by itself."""

"""Effects by first treated period and calendar period, how they are averaged, and how sure they are."""

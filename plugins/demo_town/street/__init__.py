"""The street of the demo town: cameras that render what they see. A process of its own, which
plays hardware: it knows nothing of the hub and, as cameras do, has a clock of its own."""

"""The HTTP face: application factory, staff API, simulator, health."""

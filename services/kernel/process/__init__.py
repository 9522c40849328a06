"""What a running process needs: settings, its folder, clock, telemetry, long work in slices."""

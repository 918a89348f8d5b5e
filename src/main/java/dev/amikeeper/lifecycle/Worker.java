package dev.amikeeper.lifecycle;

import dev.amikeeper.ec2.SideBySide;

/** What a worker of one Region works with. */
public final class Worker {
    private final StartRecorder starts;
    private final Relay relay;
    private final SideBySide sideBySide;

    /**
     * A worker.
     *
     * @param starts records how the starts ended
     * @param relay says how much to start now, and wakes the next worker
     * @param sideBySide how many starts go on at a time
     */
    public Worker(StartRecorder starts, Relay relay, SideBySide sideBySide) {
        this.starts = starts;
        this.relay = relay;
        this.sideBySide = sideBySide;
    }

    /** Records how the starts ended. */
    public StartRecorder starts() {
        return starts;
    }

    /** Says how much to start now, and wakes the next worker. */
    public Relay relay() {
        return relay;
    }

    /** How many starts go on at a time. */
    public SideBySide sideBySide() {
        return sideBySide;
    }
}

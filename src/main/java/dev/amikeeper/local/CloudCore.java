package dev.amikeeper.local;

/** What every Region of the simulated cloud shares. */
record CloudCore(
        String account, Timeline timeline, Ids ids, EventQueue events, CloudSettings settings) {}

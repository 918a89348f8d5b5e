package dev.amikeeper.local;

/**
 * Sees every call of every service just before it begins, on the thread of its caller. It may hold
 * the caller up, for other callers go on meanwhile.
 */
public interface CallWatch {
    void before(String action, String region);
}

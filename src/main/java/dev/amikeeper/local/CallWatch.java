package dev.amikeeper.local;

/**
 * Sees every call of every service just before it begins, on the caller's thread. It may delay the
 * caller; other callers go on meanwhile.
 */
public interface CallWatch {
    void before(String action, String region);
}

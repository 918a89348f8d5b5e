package dev.amikeeper.local;

/**
 * Sees every call of every service on the caller's thread. It may delay the caller; other callers
 * go on meanwhile.
 */
public interface CallWatch {
    /** Just before the call begins. */
    void before(String action, String region);

    /**
     * Just after it has ended, well or with an exception, and before the caller knows. A caller
     * that is killed during the call does not come here, nor does a client of DynamoDB Local.
     */
    default void after(String action, String region) {}

    /**
     * Whether the caller's client makes this call once more, as clients of the SDK do by
     * themselves.
     *
     * @param attempts how often it was made
     */
    default boolean again(int attempts, RuntimeException failure) {
        return false;
    }
}

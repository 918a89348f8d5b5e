package dev.amikeeper.ec2;

/**
 * Why all work of a kind waits in a Region until people act: a quota, a permission, the account.
 * People are told once per Region and cause.
 *
 * @param cause the quota's code, the permission, or the code by which AWS refuses all calls
 * @param why what AWS said, in one line
 * @param remedy what a person can do, in one line
 */
public record Blocker(String cause, String why, String remedy) {
    /** Whether the next call of the same kind may succeed: a role may be bound by tags. */
    public boolean mayConcernOneOnly() {
        return cause.contains(":");
    }
}

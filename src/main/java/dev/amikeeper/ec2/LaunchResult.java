package dev.amikeeper.ec2;

import dev.amikeeper.image.InstanceId;

/** How the launch of an instance ended. */
public sealed interface LaunchResult {
    /** EC2 is at work on it; a repeated call has the same answer. */
    record Launched(InstanceId id) implements LaunchResult {}

    /** Not now: too many calls, no capacity. */
    record LaunchLater(String why) implements LaunchResult {}

    /** A quota is used up, or AWS deals with no call of the account: not before people act. */
    record LaunchBlocked(Blocker by) implements LaunchResult {}

    /** The client token has launched something else before. */
    record TokenTaken(String why) implements LaunchResult {}

    /** EC2 refuses it as it is asked for. */
    record NotLaunched(String why) implements LaunchResult {}
}

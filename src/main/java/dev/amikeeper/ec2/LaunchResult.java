package dev.amikeeper.ec2;

import dev.amikeeper.image.InstanceId;

/** The result of launching an instance. */
public sealed interface LaunchResult {
    /** EC2 is launching it; a repeated call returns the same. */
    record Launched(InstanceId id) implements LaunchResult {}

    /** Not now: there were too many calls, or there is no capacity. */
    record LaunchLater(String why) implements LaunchResult {}

    /** Not before people act: a quota is used up, or AWS processes no calls of the account. */
    record LaunchBlocked(Blocker by) implements LaunchResult {}

    /** The client token was used for another launch before. */
    record TokenTaken(String why) implements LaunchResult {}

    /** EC2 refuses this request. */
    record NotLaunched(String why) implements LaunchResult {}
}

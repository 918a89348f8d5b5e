package dev.amikeeper.ec2;

/** How the sharing of an image ended. */
public sealed interface Sharing {
    /** The launch permissions are set. */
    record Shared() implements Sharing {}

    /** EC2 refused. */
    record Refused(String why) implements Sharing {}
}

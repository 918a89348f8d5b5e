package dev.amikeeper.ec2;

/** How a change of an image ended. */
public sealed interface ChangeResult {
    /** The image is as it was asked to be. */
    record Changed() implements ChangeResult {}

    /** EC2 refused; the image is as it was. */
    record Refused(String why) implements ChangeResult {}
}

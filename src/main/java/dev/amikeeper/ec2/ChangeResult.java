package dev.amikeeper.ec2;

/** The result of changing an image. */
public sealed interface ChangeResult {
    /** The image is as requested. */
    record Changed() implements ChangeResult {}

    /** EC2 refused; the image is unchanged. */
    record Refused(String why) implements ChangeResult {}
}

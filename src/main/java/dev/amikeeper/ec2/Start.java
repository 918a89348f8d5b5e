package dev.amikeeper.ec2;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.ImageId;

/** How the start of an image ended. */
public sealed interface Start {
    /** EC2 is at work on it. */
    record Started(ImageId id) implements Start {}

    /** An earlier try had made it: found by its name and tags. */
    record Adopted(Ami ami) implements Start {}

    /** Not now, by nobody's fault: it stays waiting. */
    record Later(String why) implements Start {}

    /** A quota of the Region is used up, by us or by others. */
    record NoRoom(String why) implements Start {}

    /** EC2 failed at this call: another image may fare better. */
    record Trouble(String why) implements Start {}

    /** The Region does not answer: nothing more is to be tried there now. */
    record Stop(String why) implements Start {}

    /** This try failed; another may succeed. */
    record Failed(String why) implements Start {}

    /** No try can ever succeed. */
    record Impossible(String why) implements Start {}
}

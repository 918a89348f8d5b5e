package dev.amikeeper.ec2;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.ImageId;

/** How the start of an image ended. */
public sealed interface StartResult {
    /** EC2 is at work on it. */
    record Started(ImageId id) implements StartResult {}

    /** An earlier try had made it: found by its name and tags. */
    record Adopted(Ami ami) implements StartResult {}

    /** Nothing was begun, and may be later. */
    sealed interface NotNow extends StartResult {
        /** The reason, for a person. */
        String why();
    }

    /** Nothing was begun, nor will be if it is asked for once more as it is. */
    sealed interface NotSo extends StartResult {
        /** The reason, for a person. */
        String why();
    }

    /** Not now, by nobody's fault: it stays waiting. */
    record Later(String why) implements NotNow {}

    /** A quota of the Region is used up, by us or by others. */
    record NoRoom(String why) implements NotNow {}

    /** Nobody but people can mend it: it stays waiting, and so does all that needs the same. */
    record Blocked(Blocker by) implements NotNow {
        @Override
        public String why() {
            return by.why() + "; " + by.remedy();
        }
    }

    /** EC2 failed at this call: another image may fare better. */
    record ServerError(String why) implements NotNow {}

    /** The Region does not answer: nothing more is to be tried there now. */
    record Stop(String why) implements NotNow {}

    /** This try failed; another may succeed. */
    record Failed(String why) implements NotSo {}

    /** No try can ever succeed. */
    record Impossible(String why) implements NotSo {}
}

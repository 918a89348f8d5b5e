package dev.amikeeper.ec2;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.ImageId;

/** The result of starting an image. */
public sealed interface StartResult {
    /** EC2 is creating it. */
    record Started(ImageId id) implements StartResult {}

    /** An earlier attempt had created it; it was found by its name and tags. */
    record Adopted(Ami ami) implements StartResult {}

    /** Nothing has begun, but a later attempt may succeed. */
    sealed interface NotNow extends StartResult {
        /** The reason, for a person. */
        String why();
    }

    /** Nothing has begun, and the same request will not succeed. */
    sealed interface NotSo extends StartResult {
        /** The reason, for a person. */
        String why();
    }

    /** Not now, and nobody's fault; it keeps waiting. */
    record Later(String why) implements NotNow {}

    /** A quota of the Region is used up, by AMI Keeper or by others. */
    record NoRoom(String why) implements NotNow {}

    /** Only people can fix it. It keeps waiting, like everything that needs the same. */
    record Blocked(Blocker by) implements NotNow {
        @Override
        public String why() {
            return by.why() + "; " + by.remedy();
        }
    }

    /** EC2 failed at this call; another image may succeed. */
    record ServerError(String why) implements NotNow {}

    /** The Region does not answer; nothing more should be tried there now. */
    record Stop(String why) implements NotNow {}

    /** This attempt failed; another one may succeed. */
    record Failed(String why) implements NotSo {}

    /** No attempt can ever succeed. */
    record Impossible(String why) implements NotSo {}
}

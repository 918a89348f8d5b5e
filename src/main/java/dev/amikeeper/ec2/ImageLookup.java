package dev.amikeeper.ec2;

import dev.amikeeper.image.Ami;

/** EC2's answer to a lookup of one image. */
public sealed interface ImageLookup {
    /** It exists. */
    record Shown(Ami ami) implements ImageLookup {}

    /** It is deregistered. */
    record Gone() implements ImageLookup {}

    /** It is not listed: it is too new for this call, or has long been gone. */
    record NotShown() implements ImageLookup {}
}

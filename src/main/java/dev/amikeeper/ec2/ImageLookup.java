package dev.amikeeper.ec2;

import dev.amikeeper.image.Ami;

/** What EC2 says when it is asked for one image. */
public sealed interface ImageLookup {
    /** Here it is. */
    record Shown(Ami ami) implements ImageLookup {}

    /** It is deregistered. */
    record Gone() implements ImageLookup {}

    /** Not to be seen: too new for this call, or gone for long. */
    record NotShown() implements ImageLookup {}
}

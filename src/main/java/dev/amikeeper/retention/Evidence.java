package dev.amikeeper.retention;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Texts;
import dev.amikeeper.retention.Reason.Kind;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What is known of the images of one Region besides their records. */
record Evidence(Map<ImageId, Ami> inEc2, Usage usage, Set<ImageRef> copySources, Instant now) {
    private static final int USERS_SHOWN = 5;

    Evidence {
        inEc2 = Map.copyOf(inEc2);
        copySources = Set.copyOf(copySources);
    }

    /** Its AMI; empty once it is gone, which EC2 may still show for a while. */
    Optional<Ami> ami(Image image) {
        return image.id()
                .flatMap(id -> Optional.ofNullable(inEc2.get(id)))
                .filter(ami -> !ami.state().equals("deregistered"));
    }

    boolean isFuture(Image image) {
        return image.name().slot().time().isAfter(now);
    }

    /** Why restoring cannot rest on this image; empty if it is good. */
    Optional<Reason> notGood(Image image) {
        return switch (image.state()) {
            case REQUESTED -> reason(Kind.REQUESTED, "not started yet");
            case CREATING -> reason(Kind.CREATING, "still being made");
            case FAILED -> reason(Kind.FAILED, "failed: " + Texts.plain(image.note()));
            case AVAILABLE, RETIRING -> notUsable(image);
        };
    }

    private Optional<Reason> notUsable(Image image) {
        Optional<Ami> ami = ami(image);
        if (ami.isEmpty()) {
            return reason(Kind.MISSING, "EC2 does not show it in " + image.region());
        }
        String state = ami.get().state();
        boolean goodByRecord = image.isGood() || image.state() == ImageState.RETIRING;
        if (state.equals("disabled") || !goodByRecord) {
            return reason(Kind.DISABLED, "disabled by somebody");
        }
        if (!state.equals("available")) {
            return reason(Kind.NOT_AVAILABLE, "EC2 shows it as " + Texts.quoted(state));
        }
        return Optional.empty();
    }

    /** Everything but the rules that speaks against the removal of a good image. */
    List<Reason> against(Image image, Ami ami) {
        List<Reason> against = new ArrayList<>();
        if (isFuture(image)) {
            against.add(new Reason(Kind.FUTURE, "its slot lies after this run's " + now));
        }
        Optional<ImageName> tagged = ImageTags.name(ami.tags());
        if (!tagged.equals(Optional.of(image.name()))) {
            String tags = tagged.map(name -> "say " + name).orElse("are not ours");
            against.add(new Reason(Kind.OTHER_TAGS, "its tags in EC2 " + tags));
        }
        if (image.adopted()) {
            String text = "its record was made from its tags, which are one key only";
            against.add(new Reason(Kind.ADOPTED, text));
        }
        if (ami.tags().containsKey(ImageTags.HOLD)) {
            against.add(new Reason(Kind.HELD, "held by its tag " + ImageTags.HOLD));
        }
        switch (usage.of(ami.id())) {
            case Usage.Answer.Used(var by) ->
                    against.add(new Reason(Kind.IN_USE, "used by " + some(by)));
            case Usage.Answer.Unknown(var because) ->
                    against.add(
                            new Reason(
                                    Kind.USE_UNKNOWN,
                                    "whether it is used is not known: " + some(because)));
            case Usage.Answer.Unused() -> {}
        }
        if (copySources.contains(new ImageRef(image.region(), ami.id()))) {
            against.add(new Reason(Kind.COPY_SOURCE, "a copy of it is being made or waits"));
        }
        return against;
    }

    private static Optional<Reason> reason(Kind kind, String text) {
        return Optional.of(new Reason(kind, text));
    }

    private static String some(List<String> all) {
        String shown = String.join(", ", all.subList(0, Math.min(USERS_SHOWN, all.size())));
        return all.size() <= USERS_SHOWN
                ? shown
                : shown + " and " + (all.size() - USERS_SHOWN) + " more";
    }
}

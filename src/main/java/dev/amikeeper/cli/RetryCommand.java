package dev.amikeeper.cli;

import dev.amikeeper.Application;
import dev.amikeeper.cli.Keeper.UnusableException;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.Region;
import dev.amikeeper.lifecycle.Retry;
import dev.amikeeper.queue.DeadLetter;
import dev.amikeeper.queue.DeadLetters;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import software.amazon.awssdk.core.exception.SdkException;

import java.io.PrintWriter;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** {@code keeper retry}. */
@Command(
        name = "retry",
        description = {
            "Tries images again that were given up, or handles dead letters again.",
            "Needs the catalogue and sqs:SendMessage; for dead letters sqs:GetQueueAttributes,"
                    + " GetQueueUrl, ReceiveMessage, DeleteMessage and lambda:InvokeFunction.",
            "Exit status: 0, or 1 if something stays as it is."
        })
final class RetryCommand extends DeploymentCommand {
    @ArgGroup(multiplicity = "1")
    private What what = new What();

    /** What to retry: exactly one of these. */
    private static final class What {
        @Parameters(
                paramLabel = "IMAGE",
                description =
                        "The name of an image, as gold/i-0abc/2026-03-01T02.00.00Z, in any Region"
                            + " where it was given up; or a home image, ami-..., whose copies were"
                            + " given up.")
        private @Nullable String image;

        @Option(names = "--all", description = "All images that can be tried again.")
        private boolean all;

        @Option(
                names = "--dead-letters",
                description =
                        "Puts dead letters back: kicks to their queues, events to their functions.")
        private boolean deadLetters;
    }

    RetryCommand(Screen screen, Deployment deployment) {
        super(screen, deployment);
    }

    @Override
    int run() {
        PrintWriter out = out();
        PrintWriter err = err();
        String image = what.image;
        if (image != null && ImageName.parse(image).isEmpty() && !Arguments.isImage(image)) {
            throw new UnusableException(
                    image
                            + " is neither the name of an image, as"
                            + " gold/i-0abc/2026-03-01T02.00.00Z, nor an image, as ami-0abc.");
        }
        Application app = deployment().application();
        boolean isDone;
        if (what.deadLetters) {
            isDone = putBack(app, deployment().functions(), out, err);
        } else {
            isDone = (what.all || image == null) ? all(app, out, err) : one(app, image, out, err);
        }
        return isDone ? 0 : 1;
    }

    static boolean all(Application app, PrintWriter out, PrintWriter err) {
        Retry retry = app.retry(app.clock().instant());
        List<Image> givenUp = retry.givenUp();
        List<Image> possible = givenUp.stream().filter(Predicate.not(retry::isTooLate)).toList();
        int tooLate = givenUp.size() - possible.size();
        if (tooLate > 0) {
            out.println(
                    tooLate + " home images stay given up: their slots are more than 24 h ago.");
        }
        if (possible.isEmpty()) {
            out.println("Nothing that was given up can be tried again.");
        }
        return again(retry, possible, out, err);
    }

    static boolean one(Application app, String image, PrintWriter out, PrintWriter err) {
        Retry retry = app.retry(app.clock().instant());
        List<Image> found =
                retry.givenUp().stream().filter(record -> isMeant(record, image)).toList();
        if (found.isEmpty()) {
            found = recorded(app, image);
        }
        if (found.isEmpty()) {
            throw new UnusableException("The catalogue knows no image " + image + ".");
        }
        return again(retry, found, out, err);
    }

    private static boolean isMeant(Image record, String image) {
        return record.name().toString().equals(image)
                || record.home().filter(home -> home.id().value().equals(image)).isPresent();
    }

    /** Finds images that were not given up, so that the user is told their state. */
    private static List<Image> recorded(Application app, String image) {
        Set<Region> regions = app.catalog().regionsWith(app.policies().regions());
        return regions.stream().flatMap(region -> find(app, region, image).stream()).toList();
    }

    private static Optional<Image> find(Application app, Region region, String image) {
        return ImageName.parse(image)
                .map(name -> app.catalog().find(region, name))
                .orElseGet(() -> app.catalog().find(region, new ImageId(image)));
    }

    private static boolean again(
            Retry retry, List<Image> images, PrintWriter out, PrintWriter err) {
        boolean allAgain = true;
        for (Image image : images) {
            switch (retry.of(image)) {
                case Retry.RetryResult.Again(String text) -> out.println(text);
                case Retry.RetryResult.NotRetried(String text) -> {
                    err.println(text);
                    allAgain = false;
                }
            }
        }
        return allAgain;
    }

    /** Deletes a letter only once its contents are on their way again. */
    static boolean putBack(Application app, Functions functions, PrintWriter out, PrintWriter err) {
        boolean allBack = true;
        for (DeadLetters.QueueKind kind : DeadLetters.QueueKind.values()) {
            DeadLetters.QueueContents box = app.deadLetters().look(kind);
            if (!box.problem().isEmpty()) {
                err.println("Dead letters, " + word(kind) + ": " + box.problem());
                allBack = false;
                continue;
            }
            List<DeadLetter> letters =
                    Stream.generate(() -> app.deadLetters().take(kind))
                            .takeWhile(Predicate.not(List::isEmpty))
                            .flatMap(List::stream)
                            .toList();
            int back = 0;
            for (DeadLetter letter : letters) {
                Optional<String> problem = putBack(app, functions, kind, letter);
                problem.ifPresent(err::println);
                back += problem.isEmpty() ? 1 : 0;
            }
            out.println(
                    "%s: %d of %d dead letters put back"
                            .formatted(word(kind), back, letters.size()));
            allBack &= back == letters.size();
        }
        return allBack;
    }

    private static String word(DeadLetters.QueueKind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    /** Empty if it was put back; otherwise why not, and then it stays where it is. */
    private static Optional<String> putBack(
            Application app, Functions functions, DeadLetters.QueueKind kind, DeadLetter it) {
        Instant now = app.clock().instant();
        try {
            if (kind == DeadLetters.QueueKind.EVENTS) {
                Optional<String> function = it.function();
                if (function.isEmpty()) {
                    return Optional.of("A dead letter names no function and stays: " + it.body());
                }
                functions.invoke(function.get(), it.event());
            } else {
                Optional<Region> region = it.kick();
                if (region.isEmpty()) {
                    return Optional.of("A dead letter is not a kick and stays: " + it.body());
                }
                if (kind == DeadLetters.QueueKind.CREATE) {
                    app.kicks().create(region.get(), now);
                } else {
                    app.kicks().copy(region.get(), now);
                }
            }
            app.deadLetters().delete(it);
            return Optional.empty();
        } catch (SdkException error) {
            return Optional.of("A dead letter stays: " + error.getMessage());
        }
    }
}

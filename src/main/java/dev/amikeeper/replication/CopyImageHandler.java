package dev.amikeeper.replication;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;

import dev.amikeeper.Application;
import dev.amikeeper.Invocation;
import dev.amikeeper.lifecycle.Slice;
import dev.amikeeper.lifecycle.SliceReport;
import dev.amikeeper.lifecycle.Slices;
import dev.amikeeper.lifecycle.StartRecorder;

import org.jspecify.annotations.Nullable;

/**
 * Starts the waiting copies to each Region that was kicked, while there is room among its snapshot
 * copies in progress. A copy that finds no room keeps waiting, and this does not count as a try.
 * Every copy that ends makes room and kicks the worker.
 */
public final class CopyImageHandler implements RequestHandler<SQSEvent, SliceReport> {
    private final Application app;

    /** Called by Lambda. */
    public CopyImageHandler() {
        this(Application.get());
    }

    /** Uses the objects of the given application. */
    public CopyImageHandler(Application app) {
        this.app = app;
    }

    @Override
    public SliceReport handleRequest(@Nullable SQSEvent input, Context context) {
        return app.invocation("CopyImageFunction")
                .run(
                        input,
                        context,
                        kicks ->
                                start(
                                        new Slices(
                                                kicks,
                                                app.policies(),
                                                app.clock(),
                                                Invocation.timeLeft(context))));
    }

    private SliceReport start(Slices slices) {
        StartRecorder starts = app.starts("ec2:CopyImage");
        WaitingCopies copies =
                new WaitingCopies(
                        app.catalog(),
                        app.images().reads(),
                        app.images().starts(),
                        app.policies(),
                        starts);
        for (Slice slice : slices) {
            try {
                starts.begin();
                boolean more = copies.startAll(slice);
                starts.end(slice);
                if (more) {
                    app.kicks().copy(slice.region(), slice.now());
                }
            } catch (RuntimeException error) {
                slices.failed(slice, error);
            }
        }
        return slices.report(starts.counts());
    }
}

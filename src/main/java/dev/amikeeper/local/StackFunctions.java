package dev.amikeeper.local;

import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;

import dev.amikeeper.Application;
import dev.amikeeper.FunctionReport;
import dev.amikeeper.backup.CreateImageHandler;
import dev.amikeeper.backup.ImageRequestHandler;
import dev.amikeeper.backup.ScheduleHandler;
import dev.amikeeper.lifecycle.SliceReport;
import dev.amikeeper.operate.OperateHandler;
import dev.amikeeper.replication.CopyImageHandler;
import dev.amikeeper.replication.ImageStateHandler;
import dev.amikeeper.restore.DrillHandler;
import dev.amikeeper.restore.RestoreHandler;
import dev.amikeeper.retention.PruneHandler;
import dev.amikeeper.store.StoreHandler;
import dev.amikeeper.sweep.SweepHandler;

import java.util.Map;

/** The template's functions, by name, on top of an application. */
final class StackFunctions {
    static final String CREATE = "CreateImageFunction";
    static final String COPY = "CopyImageFunction";

    private StackFunctions() {}

    /** Those that take events. */
    static Map<String, RequestHandler<Map<String, Object>, ? extends FunctionReport<?>>> onEvents(
            Application application) {
        return Map.of(
                "ScheduleFunction", new ScheduleHandler(application),
                "RequestFunction", new ImageRequestHandler(application),
                "ImageStateFunction", new ImageStateHandler(application),
                "PruneFunction", new PruneHandler(application),
                "SweepFunction", new SweepHandler(application),
                "RestoreFunction", new RestoreHandler(application),
                "DrillFunction", new DrillHandler(application),
                "StoreFunction", new StoreHandler(application),
                "OperateFunction", new OperateHandler(application));
    }

    /** Those that take kicks. */
    static Map<String, RequestHandler<SQSEvent, SliceReport>> onKicks(Application application) {
        return Map.of(
                CREATE, new CreateImageHandler(application),
                COPY, new CopyImageHandler(application));
    }
}

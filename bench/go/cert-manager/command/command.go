// Package command is what cert-manager's binaries have in common: a configuration made of defaults, a file and flags,
// logging, feature gates, and an end on a signal.
package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"
	logsapi "k8s.io/component-base/logs/api/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/cert-manager/cert-manager/internal/cmd/util"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/cert-manager/cert-manager/pkg/util/configfile"
	utilfeature "github.com/cert-manager/cert-manager/pkg/util/feature"
)

// Component is one binary. C is its configuration type; Config holds the defaults.
type Component[C any] struct {
	Name     string
	Config   *C
	AddFlags func(*pflag.FlagSet, *C)
	Load     func(path string) (*C, error)
	Logging  func(*C) *logsapi.LoggingConfiguration
	Gates    func(*C) map[string]bool
	Validate func(*C, *field.Path) field.ErrorList
	Run      func(context.Context, *C) error
}

// Main runs the component until a signal, and exits with a code other than 0 when it fails.
func (c Component[C]) Main() {
	ctx, exit := util.SetupExitHandler(context.Background(), util.GracefulShutdown)
	defer exit() // ends the process, so that whatever is deferred later runs before it

	logf.InitLogs()
	defer logf.FlushLogs()
	ctrl.SetLogger(logf.Log)

	err := c.configure(os.Args[1:])
	if err == nil {
		err = c.Run(logf.NewContext(ctx, logf.Log, c.Name), c.Config)
	}
	if err != nil && !errors.Is(err, pflag.ErrHelp) {
		logf.Log.Error(err, "failed", "component", c.Name)
		util.SetExitCode(err)
	}
}

// configure applies the flags twice when there is a file: once to find it, and again because they win over it.
func (c *Component[C]) configure(arguments []string) error {
	path, err := c.parse(arguments)
	if err != nil {
		return err
	}
	if path != "" {
		loaded, err := c.Load(path)
		if err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		*c.Config = *loaded
		if _, err := c.parse(arguments); err != nil {
			return err
		}
	}
	if err := c.Validate(c.Config, nil).ToAggregate(); err != nil {
		return err
	}
	return logf.ValidateAndApply(c.Logging(c.Config))
}

// parse needs a flag set of its own each time: a list flag that is parsed twice in one set holds every item twice.
func (c *Component[C]) parse(arguments []string) (string, error) {
	flags := pflag.NewFlagSet(c.Name, pflag.ContinueOnError)
	path := flags.String("config", "", "file with the component's configuration; flags win over it")
	c.AddFlags(flags, c.Config)
	if err := flags.Parse(arguments); err != nil {
		return "", err
	}
	return *path, utilfeature.DefaultMutableFeatureGate.SetFromMap(c.Gates(c.Config))
}

// LoadFile reads a configuration file into the type that knows its schema.
func LoadFile(path string, into configfile.ConfigFile) error {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	loader, err := configfile.NewConfigurationFSLoader(nil, absolute)
	if err != nil {
		return err
	}
	return loader.Load(into)
}

// Defaults fills the internal configuration from an empty versioned one, as if it had been read from an empty file.
func Defaults[C any](schemes func(...serializer.CodecFactoryOptionsMutator) (*runtime.Scheme, *serializer.CodecFactory, error), versioned runtime.Object, into *C) *C {
	scheme, _, err := schemes()
	if err != nil {
		panic(err)
	}
	scheme.Default(versioned)
	if err := scheme.Convert(versioned, into, nil); err != nil {
		panic(err)
	}
	return into
}
